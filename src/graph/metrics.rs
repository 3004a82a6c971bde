//! rho, phi, gamma, components, Definition 3.5.
