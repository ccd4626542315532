//! The files that come with Counterfoil.

/// A rule book that comes with Counterfoil.
#[derive(Clone, Copy, Debug)]
pub struct Pack {
    /// What it is called.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// Makes the list of packs from the names of their files.
macro_rules! packs {
    ($($name:literal,)*) => {
        /// All of them, by name.
        pub const PACKS: &[Pack] = &[$(Pack {
            name: $name,
            text: include_str!(concat!("../packs/", $name, ".toml")),
        },)*];
    };
}

packs! {
    "client-money-uk",
    "client-reserve-2018",
    "joint-loans-2021",
    "market-shares-2021",
    "micro-lending",
    "net-assets-ladder-2021",
    "own",
    "payment-accounts-2016",
    "qr-2018",
}

/// The pack with this name.
pub fn pack(name: &str) -> Option<&'static Pack> {
    PACKS.iter().find(|pack| pack.name == name)
}
